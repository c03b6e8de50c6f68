/**
 * Files to rows: CSV, LibSVM, IDX and Parquet read by Spark tasks, every refused row named by file
 * and line.
 */
@NullMarked
package dev.bellows.jobs.source;

import org.jspecify.annotations.NullMarked;
