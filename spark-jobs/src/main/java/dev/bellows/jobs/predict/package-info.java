/** Predictions of a stored model for a DataFrame. */
@NullMarked
package dev.bellows.jobs.predict;

import org.jspecify.annotations.NullMarked;
