package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.Map;

/**
 * What each column means: named columns first, {@code rest} for all others.
 *
 * @param named by column name, in file order
 * @param rest rule for columns that are not named
 */
public record FeaturesConfig(Map<String, FeatureConfig> named, FeatureConfig rest)
    implements Serializable {

  /** The rule for a column. */
  public FeatureConfig of(String column) {
    return named.getOrDefault(column, rest);
  }
}
