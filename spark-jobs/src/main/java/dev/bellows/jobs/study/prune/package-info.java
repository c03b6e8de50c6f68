/** Pruners: which trials are not worth their end. */
@NullMarked
package dev.bellows.jobs.study.prune;

import org.jspecify.annotations.NullMarked;
