/** Root package. */
@NullMarked
package dev.bellows.jobs;

import org.jspecify.annotations.NullMarked;
