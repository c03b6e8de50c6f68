/** Classical learners in closed form. */
@NullMarked
package dev.bellows.engine.classic;

import org.jspecify.annotations.NullMarked;
