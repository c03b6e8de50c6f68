package dev.bellows.jobs.study.sampler;

import static org.apache.commons.math3.util.FastMath.cos;
import static org.apache.commons.math3.util.FastMath.exp;
import static org.apache.commons.math3.util.FastMath.log;
import static org.apache.commons.math3.util.FastMath.log10;

import dev.bellows.jobs.space.ChoiceParameter;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.NumberParameter;
import dev.bellows.jobs.space.Parameter;
import dev.bellows.jobs.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Functions to minimise, the same as in {@code src/test/python/samplers_golden.py}. */
enum Functions {
  /** L. C. W. Dixon, G. P. Szego 1978; least value 0.397887 at three places. */
  BRANIN(60) {
    @Override
    SearchSpace space() {
      return SearchSpace.of(
          NumberParameter.uniform("x", -5, 10), NumberParameter.uniform("y", 0, 15));
    }

    @Override
    double at(Configuration c) {
      double x = number(c, "x");
      double y = number(c, "y");
      double bend = y - 5.1 / (4 * Math.PI * Math.PI) * x * x + 5 / Math.PI * x - 6;
      return bend * bend + 10 * (1 - 1 / (8 * Math.PI)) * cos(x) + 10;
    }
  },
  /** J. K. Hartman 1973; least value -3.32237. */
  HARTMANN6(100) {
    private final double[][] a = {
      {10, 3, 17, 3.5, 1.7, 8},
      {0.05, 10, 17, 0.1, 8, 14},
      {3, 3.5, 1.7, 10, 17, 8},
      {17, 8, 0.05, 10, 0.1, 14}
    };
    private final double[][] p = {
      {1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991},
      {2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381}
    };
    private final double[] alpha = {1.0, 1.2, 3.0, 3.2};

    @Override
    SearchSpace space() {
      List<Parameter> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        all.add(NumberParameter.uniform("x" + i, 0, 1));
      }
      return SearchSpace.of(all);
    }

    @Override
    double at(Configuration c) {
      double sum = 0;
      for (int i = 0; i < 4; i++) {
        double inner = 0;
        for (int j = 0; j < 6; j++) {
          double distance = number(c, "x" + j) - 1e-4 * p[i][j];
          inner += a[i][j] * distance * distance;
        }
        sum += alpha[i] * exp(-inner);
      }
      return -sum;
    }
  },
  /** Five parameters of all types, one changing where another is best; least value about 0. */
  MIXED(60) {
    @Override
    SearchSpace space() {
      return SearchSpace.of(
          new ChoiceParameter("kind", List.of("a", "b", "c"), List.of()),
          NumberParameter.log("lr", 1e-5, 1),
          NumberParameter.whole("depth", 2, 12),
          NumberParameter.logWhole("units", 8, 512),
          NumberParameter.uniform("dropout", 0, 0.7).step(0.1));
    }

    @Override
    double at(Configuration c) {
      String kind = String.valueOf(c.get("kind"));
      double best = kind.equals("a") ? -3 : kind.equals("b") ? -2 : -1;
      return (kind.equals("a") ? 0.5 : kind.equals("b") ? 0 : 0.3)
          + square(log10(number(c, "lr")) - best)
          + 0.1 * square(number(c, "depth") - 7)
          + 0.2 * square(log(number(c, "units")) / log(2.0) - 6.5)
          + 10 * square(number(c, "dropout") - 0.2);
    }
  },
  /** Trees or nets, each with parameters of its own, the second layer only where there is one. */
  CONDITIONAL(60) {
    @Override
    SearchSpace space() {
      return SearchSpace.of(
          new ChoiceParameter("model", List.of("tree", "net"), List.of()),
          NumberParameter.whole("depth", 1, 12).when("model", "tree"),
          NumberParameter.log("shrinkage", 1e-3, 1).when("model", "tree"),
          NumberParameter.whole("layers", 1, 3).when("model", "net"),
          NumberParameter.log("lr", 1e-5, 1).when("model", "net"),
          NumberParameter.logWhole("units1", 8, 512).when("model", "net"),
          NumberParameter.logWhole("units2", 8, 512).when("layers", 2L, 3L));
    }

    @Override
    double at(Configuration c) {
      if (Objects.equals(c.get("model"), "tree")) {
        return 0.4
            + 0.05 * square(number(c, "depth") - 6)
            + 0.5 * square(log10(number(c, "shrinkage")) + 1);
      }
      double layers = number(c, "layers");
      double value =
          0.1
              + square(log10(number(c, "lr")) + 2)
              + 0.2 * square(layers - 2)
              + 0.1 * square(log(number(c, "units1")) / log(2.0) - 6);
      return layers < 2 ? value : value + 0.1 * square(log(number(c, "units2")) / log(2.0) - 5);
    }
  };

  private final int trials;

  Functions(int trials) {
    this.trials = trials;
  }

  /** Trials that a race gives each sampler. */
  int trials() {
    return trials;
  }

  abstract SearchSpace space();

  abstract double at(Configuration configuration);

  private static double number(Configuration c, String name) {
    return ((Number) Objects.requireNonNull(c.get(name))).doubleValue();
  }

  private static double square(double x) {
    return x * x;
  }
}
