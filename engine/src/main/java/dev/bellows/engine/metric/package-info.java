/** Mergeable metrics whose value is the same for every partitioning of the rows. */
@NullMarked
package dev.bellows.engine.metric;

import org.jspecify.annotations.NullMarked;
