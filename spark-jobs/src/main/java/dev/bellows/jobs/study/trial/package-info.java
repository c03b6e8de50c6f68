/** Trials: their states, what happened to them, and which is the best. */
@NullMarked
package dev.bellows.jobs.study.trial;

import org.jspecify.annotations.NullMarked;
