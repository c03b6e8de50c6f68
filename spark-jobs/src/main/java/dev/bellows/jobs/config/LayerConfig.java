package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.Map;

/**
 * One layer of a network with all its options (String, Long, Double, Boolean values and lists of
 * them; keys as in the file).
 *
 * @param type layer name as in the file: dense, dropout, conv2d, ...
 * @param options option values, defaults filled in
 */
public record LayerConfig(String type, Map<String, Object> options) implements Serializable {
  public LayerConfig {
    options = Map.copyOf(options);
  }
}
