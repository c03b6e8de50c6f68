package dev.bellows.jobs.study.prune;

import java.util.ArrayList;
import java.util.List;

/**
 * The resources up to which trials train before they are compared: least, least * reduction, ...
 * and the whole at the end.
 *
 * @param resources increasing; the last is the whole training
 */
public record Rungs(List<Double> resources) {
  /** Checks the order. */
  public Rungs {
    resources = List.copyOf(resources);
    for (int i = 0; i < resources.size(); i++) {
      if (!(resources.get(i) > (i == 0 ? 0 : resources.get(i - 1)))) {
        throw new IllegalArgumentException(
            "expected resources that are positive and grow, found " + resources);
      }
    }
    if (resources.isEmpty()) {
      throw new IllegalArgumentException("expected at least one rung, found none");
    }
  }

  /**
   * Geometric rungs.
   *
   * @param least resource of the first rung, above 0
   * @param most resource of the whole training, at least {@code least}
   * @param reduction factor between rungs, 2 or more
   */
  public static Rungs geometric(double least, double most, int reduction) {
    if (!(least > 0 && most >= least && reduction >= 2)) {
      throw new IllegalArgumentException(
          "expected 0 < min_resource <= max_resource and reduction >= 2, found %s, %s and %d"
              .formatted(least, most, reduction));
    }
    List<Double> all = new ArrayList<>();
    for (double resource = least; resource < most; resource *= reduction) {
      all.add(resource);
    }
    all.add(most);
    return new Rungs(all);
  }

  /** The number of rungs. */
  public int size() {
    return resources.size();
  }

  /** The resource of a rung. */
  public double resource(int rung) {
    return resources.get(rung);
  }

  /** Whether a trial is at its end after a rung. */
  public boolean isLast(int rung) {
    return rung >= resources.size() - 1;
  }
}
