/**
 * What scores can and can't tell: intervals, paired tests, choices among candidates. Inputs are
 * scores of folds or losses of rows; nothing here draws random numbers other than by hashes of row
 * keys.
 */
@NullMarked
package dev.bellows.engine.metric.inference;

import org.jspecify.annotations.NullMarked;
