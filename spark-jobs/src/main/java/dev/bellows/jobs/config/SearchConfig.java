package dev.bellows.jobs.config;

import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A search over configurations.
 *
 * @param space parameters by the key that each sets, as {@code SearchSpace.fromTree} takes them
 * @param sampler who proposes
 * @param samplerSettings its settings
 * @param metric what is wanted: a metric, or loss
 * @param goal whether small or large values are wanted; null: as the metric says
 * @param trials configurations that are tried; 0: as many as there are (grid)
 * @param generation trials that are proposed without knowing each other's results
 * @param maxTime when no further trial begins; null: never
 * @param maxTrialTime longest time of a unit; null: any
 * @param retries times that a failed unit is run again
 */
public record SearchConfig(
    Map<String, ?> space,
    String sampler,
    Map<String, ?> samplerSettings,
    String metric,
    @Nullable Goal goal,
    int trials,
    int generation,
    @Nullable Duration maxTime,
    @Nullable Duration maxTrialTime,
    int retries)
    implements Serializable {

  /** Which values are wanted. */
  public enum Goal {
    MINIMIZE,
    MAXIMIZE
  }
}
