/** Metrics on held-out rows: the same value for any partitioning, written as files. */
@NullMarked
package dev.bellows.jobs.evaluate;

import org.jspecify.annotations.NullMarked;
