/**
 * One offline {@code report.html} per run folder: charts, tables, facts, and the command that
 * repeats the run.
 */
@NullMarked
package dev.bellows.jobs.report;

import org.jspecify.annotations.NullMarked;
