/**
 * Counter-based random numbers and what is drawn from them: row orders, batches, masks. No state,
 * no generators.
 */
@NullMarked
package dev.bellows.engine.sample;

import org.jspecify.annotations.NullMarked;
