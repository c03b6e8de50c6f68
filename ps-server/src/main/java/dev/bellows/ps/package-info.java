/** Root package. */
@NullMarked
package dev.bellows.ps;

import org.jspecify.annotations.NullMarked;
