package dev.bellows.engine.metric;

/**
 * One class against the rest.
 *
 * @param label index of the class
 * @param support weight of its true rows
 * @param predicted weight of the rows predicted as it
 * @param precision NaN when it was never predicted
 * @param recall NaN when it has no true rows
 * @param f1 NaN when it has neither
 */
public record ClassScores(
    int label, double support, double predicted, double precision, double recall, double f1) {}
