package dev.bellows.engine.metric.inference;

/**
 * What a test of "no difference" found.
 *
 * @param statistic of the test
 * @param p probability of a statistic at least as extreme where there is no difference; NaN where
 *     the data can't tell (too few values, no spread)
 */
public record TestResult(double statistic, double p) {}
