package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;

/**
 * What is measured.
 *
 * @param metrics metric names; empty: the usual ones of the task
 * @param threshold probability from which a row counts as positive
 * @param perClass also write per-class figures and the confusion matrix
 */
public record EvaluateConfig(List<String> metrics, double threshold, boolean perClass)
    implements Serializable {}
