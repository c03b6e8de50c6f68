package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * Where results go.
 *
 * @param dir run folder
 * @param report write report.html
 * @param format format of predictions
 * @param mode what an existing output does
 */
public record OutputConfig(String dir, boolean report, Format format, Mode mode)
    implements Serializable {

  /** Formats of predictions. */
  public enum Format {
    PARQUET,
    CSV
  }

  /** What an existing output does. */
  public enum Mode {
    ERROR_IF_EXISTS,
    OVERWRITE
  }
}
