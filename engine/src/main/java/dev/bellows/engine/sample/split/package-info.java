/**
 * Splits of rows into training and validation: k-fold, stratified, by groups, over time, given,
 * held out. A split is a function of (seed, what is known of the rows), never of partitions or of
 * the order of rows, and is made in two passes:
 *
 * <pre>
 * pass 1   RowCounts counts = splitter.counts();  counts.add(row) ...  counts.merge(other)
 * driver   Folds folds = splitter.plan(counts, seed)
 * pass 2   folds.cell(row, repeat) in 0..cells-1: what a block stores for a row and a repeat
 * training folds.role(cell, split): TRAIN, VALIDATION or NONE
 * </pre>
 */
@NullMarked
package dev.bellows.engine.sample.split;

import org.jspecify.annotations.NullMarked;
