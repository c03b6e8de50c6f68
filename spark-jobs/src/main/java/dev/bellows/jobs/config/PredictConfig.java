package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;

/**
 * What predictions hold.
 *
 * @param columns prediction, probability, score
 * @param keep input columns to copy
 * @param onUnknownCategory what an unseen category does
 * @param partitions output files; 0: as many as the input has
 */
public record PredictConfig(
    List<String> columns,
    List<String> keep,
    FeatureConfig.Unknown onUnknownCategory,
    int partitions)
    implements Serializable {}
