package dev.bellows.engine.nn;

import java.util.Locale;

/**
 * The closed set of layers. Options and defaults are documented at the factory methods of {@link
 * LayerSpec}.
 */
public enum LayerType {
  DENSE,
  ACTIVATION,
  DROPOUT,
  BATCH_NORM;

  /** The name in files, for example {@code batch_norm}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
