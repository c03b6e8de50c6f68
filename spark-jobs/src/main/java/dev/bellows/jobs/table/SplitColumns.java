package dev.bellows.jobs.table;

import dev.bellows.jobs.config.CvConfig;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The columns that divide rows into folds. They are no features unless the configuration names them
 * as such.
 *
 * @param group rows of one value stay together; null for none
 * @param time order of rows; null for none
 * @param fold number of the fold of each row; null for none
 */
public record SplitColumns(@Nullable String group, @Nullable String time, @Nullable String fold)
    implements Serializable {
  /** Rows are divided by their keys alone. */
  public static final SplitColumns NONE = new SplitColumns(null, null, null);

  /** The columns that a configuration names. */
  public static SplitColumns of(CvConfig cv) {
    return new SplitColumns(cv.group(), cv.time(), cv.fold());
  }

  boolean holds(String column) {
    return column.equals(group) || column.equals(time) || column.equals(fold);
  }

  /** Configuration key to column. */
  Map<String, String> named() {
    Map<String, String> named = new LinkedHashMap<>();
    if (group != null) {
      named.put("cv.group", group);
    }
    if (time != null) {
      named.put("cv.time", time);
    }
    if (fold != null) {
      named.put("cv.fold", fold);
    }
    return named;
  }
}
