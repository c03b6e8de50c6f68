/** Root package. */
@NullMarked
package dev.bellows.engine;

import org.jspecify.annotations.NullMarked;
