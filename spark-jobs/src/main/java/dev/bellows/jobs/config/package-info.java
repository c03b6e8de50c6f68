/** YAML to records: every problem at once with line, column and the nearest known key. */
@NullMarked
package dev.bellows.jobs.config;

import org.jspecify.annotations.NullMarked;
