/**
 * The layer types: each is one definition of its options and of what it adds to a graph. The closed
 * set is {@link dev.bellows.engine.nn.layer.Layers}.
 */
@NullMarked
package dev.bellows.engine.nn.layer;

import org.jspecify.annotations.NullMarked;
