package dev.bellows.jobs.config;

import dev.bellows.engine.audio.LogMel;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What each column means: named columns first, {@code rest} for all others.
 *
 * @param named by column name, in file order
 * @param rest rule for columns that are not named
 */
public record FeaturesConfig(Map<String, FeatureConfig> named, FeatureConfig rest)
    implements Serializable {

  /** Name of the image of sources that have images. */
  public static final String IMAGE = "image";

  /** How sounds become images; null without a feature of type audio. */
  public @Nullable LogMel sound() {
    return named.values().stream()
        .filter(f -> f.type() == FeatureConfig.Type.AUDIO)
        .findFirst()
        .map(FeatureConfig::sound)
        .orElse(null);
  }

  /**
   * The rule of the image (of a sound: of its spectrogram) or of the sparse part: one of its type,
   * {@code image}, or the rest.
   */
  public FeatureConfig special(FeatureConfig.Type type) {
    for (FeatureConfig f : named.values()) {
      boolean sound = type == FeatureConfig.Type.IMAGE && f.type() == FeatureConfig.Type.AUDIO;
      if (f.type() == type || sound) {
        return f;
      }
    }
    FeatureConfig image = named.get(IMAGE);
    return type == FeatureConfig.Type.IMAGE && image != null ? image : rest;
  }

  /** The crosses, by name. */
  public Map<String, FeatureConfig> crosses() {
    Map<String, FeatureConfig> crosses = new LinkedHashMap<>(named);
    crosses.values().removeIf(f -> !f.crosses());
    return crosses;
  }

  /** The rule for a column. */
  public FeatureConfig of(String column) {
    return named.getOrDefault(column, rest);
  }

  /**
   * The rules of arrays and vectors as rules of the columns that they became.
   *
   * @param lists names of the columns by name of the list; none for the sparse part and for what is
   *     left out
   */
  public FeaturesConfig spread(Map<String, List<String>> lists) {
    Map<String, FeatureConfig> all = new LinkedHashMap<>(named);
    lists.forEach(
        (list, columns) -> {
          FeatureConfig rule = all.remove(list);
          if (rule != null && columns.isEmpty() && rule.type() != FeatureConfig.Type.IGNORE) {
            all.put(list, rule.withType(FeatureConfig.Type.SPARSE));
          } else if (rule != null) {
            columns.forEach(column -> all.putIfAbsent(column, rule));
          }
        });
    return new FeaturesConfig(all, rest);
  }
}
