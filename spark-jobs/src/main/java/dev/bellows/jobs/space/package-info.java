/** The search space: typed parameters, conditions, configurations. */
@NullMarked
package dev.bellows.jobs.space;

import org.jspecify.annotations.NullMarked;
