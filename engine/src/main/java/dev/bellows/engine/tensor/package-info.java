/** Shapes, element types and the off-heap memory that tensors live in. */
@NullMarked
package dev.bellows.engine.tensor;

import org.jspecify.annotations.NullMarked;
