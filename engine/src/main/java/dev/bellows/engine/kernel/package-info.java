/** The facade of all arithmetic: bind once, run many times. */
@NullMarked
package dev.bellows.engine.kernel;

import org.jspecify.annotations.NullMarked;
