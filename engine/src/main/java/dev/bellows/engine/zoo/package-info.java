/**
 * Known networks as functions from a few sizes to a {@link dev.bellows.engine.nn.NetworkSpec}. Each
 * names its paper and says where it differs.
 */
@NullMarked
package dev.bellows.engine.zoo;

import org.jspecify.annotations.NullMarked;
