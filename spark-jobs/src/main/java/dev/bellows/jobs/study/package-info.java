/**
 * Studies: cross-validation and search as units (configuration x split) of one queue over one copy
 * of the data.
 */
@NullMarked
package dev.bellows.jobs.study;

import org.jspecify.annotations.NullMarked;
