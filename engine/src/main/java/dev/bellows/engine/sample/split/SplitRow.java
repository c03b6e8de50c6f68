package dev.bellows.engine.sample.split;

/**
 * What a splitter may know of a row. Codes mean the same in every partition: hashes of texts or
 * codes of one fitted table.
 *
 * @param key names the row: no two rows of a data set have the same
 * @param stratum its class, or another property whose shares every fold keeps
 * @param group rows of one group are never divided between training and validation
 * @param time its place in time, in any unit; rows of one time stay together
 * @param fold the fold that a column of the user names; below 0: trains in every split
 */
public record SplitRow(long key, long stratum, long group, long time, long fold) {
  /** A row of which only the key is known. */
  public static SplitRow of(long key) {
    return new SplitRow(key, 0, 0, 0, 0);
  }

  /** The same row with its class. */
  public SplitRow withStratum(long code) {
    return new SplitRow(key, code, group, time, fold);
  }

  /** The same row with its group. */
  public SplitRow withGroup(long code) {
    return new SplitRow(key, stratum, code, time, fold);
  }

  /** The same row with its time. */
  public SplitRow withTime(long at) {
    return new SplitRow(key, stratum, group, at, fold);
  }

  /** The same row with the fold that a column names. */
  public SplitRow withFold(long number) {
    return new SplitRow(key, stratum, group, time, number);
  }
}
