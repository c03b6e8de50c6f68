/**
 * Native CPU kernels, the only place where native CPU libraries are named: oneDNN for matrix
 * products and an own C library for the rest. The formulas stand on the interfaces in {@code
 * dev.bellows.engine.kernel}.
 */
@NullMarked
package dev.bellows.engine.kernel.cpu;

import org.jspecify.annotations.NullMarked;
