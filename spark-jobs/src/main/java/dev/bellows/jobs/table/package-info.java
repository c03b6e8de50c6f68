/**
 * Rows to meaning: inferred types, the profile, and the preprocessing fitted on training rows only.
 */
@NullMarked
package dev.bellows.jobs.table;

import org.jspecify.annotations.NullMarked;
