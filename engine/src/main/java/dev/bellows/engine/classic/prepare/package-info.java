/**
 * Preparation that learns from rows: imputation, encodings by the target, bins, choice of columns.
 * Each is fitted on given rows (the training rows of a fold) and then changes any row, so that
 * nothing of a validation row enters what it is validated with. Tables are row-major float [rows,
 * width]; NaN is a missing value.
 */
@NullMarked
package dev.bellows.engine.classic.prepare;

import org.jspecify.annotations.NullMarked;
