package dev.bellows.jobs.table;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.config.FeaturesConfig;
import dev.bellows.jobs.source.DataException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A category made of the values of several: their fitted codes, hashed to buckets (the crossed
 * columns of H.-T. Cheng et al., "Wide &amp; Deep Learning for Recommender Systems", DLRS 2016).
 * Blocks hold nothing of it; it is computed when rows are read. Values that training did not show
 * have the code 0 of the unknown bucket and are crossed like any other.
 *
 * @param name name of the cross
 * @param columns the category columns, 2 or more
 * @param buckets codes are 0 to buckets - 1
 * @param embeddingDim width of the embedding
 */
public record CrossColumn(String name, List<String> columns, int buckets, int embeddingDim)
    implements Serializable {
  private static final int EMBEDDING = 8;

  /** Copies the list. */
  public CrossColumn {
    columns = List.copyOf(columns);
  }

  /** The hash that the codes of the columns are added to. */
  public long start() {
    return Mix64.ofText(name);
  }

  /** Adds the code of the next column. */
  public static long add(long hash, int code) {
    return Mix64.mix(hash ^ code);
  }

  /** The bucket of the hash of all columns. */
  public int bucket(long hash) {
    return (int) (((hash >>> 32) * buckets) >>> 32);
  }

  /**
   * The crosses of a configuration.
   *
   * @param categories the fitted category columns
   * @param source columns of the source
   * @throws DataException when a column is no category, or a cross has the name of a column
   */
  static List<CrossColumn> of(
      FeaturesConfig features, List<CategoryColumn> categories, List<String> source) {
    List<String> known = categories.stream().map(CategoryColumn::name).toList();
    if (features.rest().crosses()) {
      throw new DataException("features.rest can't be a cross: give it a name of its own");
    }
    List<CrossColumn> crosses = new ArrayList<>();
    features.crosses().forEach((name, feature) -> crosses.add(of(name, feature, known, source)));
    return crosses;
  }

  private static CrossColumn of(
      String name, FeatureConfig feature, List<String> known, List<String> source) {
    List<String> columns = feature.table().cross();
    if (source.contains(name)) {
      throw new DataException(
          "features."
              + name
              + " is a cross, but the source has a column of that name: take another");
    }
    if (columns.size() < 2) {
      throw new DataException(
          "features." + name + ".cross needs two columns or more, found " + columns);
    }
    for (String column : columns) {
      if (!known.contains(column)) {
        throw new DataException(
            "features."
                + name
                + ".cross names the column \""
                + column
                + "\", which is no category"
                + (source.contains(column)
                    ? " (a number, constant or left out): set features."
                        + column
                        + ".type: category"
                    : Nearest.hint(column, known)
                        + "; categories are "
                        + Nearest.shortList(known)));
      }
    }
    int width = feature.embeddingDim() > 0 ? feature.embeddingDim() : EMBEDDING;
    return new CrossColumn(name, columns, feature.table().buckets(), width);
  }
}
