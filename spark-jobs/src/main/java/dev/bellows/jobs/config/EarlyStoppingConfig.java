package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * When training stops before its last epoch.
 *
 * @param metric metric of the history, val_ for validation: val_loss, val_accuracy, val_auc, ...
 * @param patience epochs without improvement before the stop
 * @param minDelta smallest change that counts as improvement
 * @param restoreBest end with the weights of the best epoch
 */
public record EarlyStoppingConfig(String metric, int patience, double minDelta, boolean restoreBest)
    implements Serializable {}
