/**
 * Plain Java kernels over off-heap memory: they work on every machine and give the same bits on
 * each. The formulas stand on the interfaces in {@code dev.bellows.engine.kernel}.
 */
@NullMarked
package dev.bellows.engine.kernel.plain;

import org.jspecify.annotations.NullMarked;
