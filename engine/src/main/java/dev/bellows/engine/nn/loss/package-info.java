/**
 * The losses: each is one definition of its options, its truth and what it adds to a graph. The
 * closed set is {@link dev.bellows.engine.nn.LossKind}.
 */
@NullMarked
package dev.bellows.engine.nn.loss;

import org.jspecify.annotations.NullMarked;
