package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;

/**
 * What is measured.
 *
 * @param metrics metric names; empty: the usual ones of the task
 * @param threshold probability from which a row counts as positive
 * @param perClass also write per-class figures and the confusion matrix
 * @param unseen what a class or tag does that training did not show
 */
public record EvaluateConfig(
    List<String> metrics, double threshold, boolean perClass, TargetConfig.Unseen unseen)
    implements Serializable {}
