package dev.bellows.engine.metric;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Precision, recall and F1 from a confusion matrix [true][predicted], in the conventions of {@link
 * Metric}.
 */
final class ClassTable {
  private final List<ClassScores> lines = new ArrayList<>();
  private double total;
  private double right;

  ClassTable(double[][] matrix) {
    for (int k = 0; k < matrix.length; k++) {
      double support = 0;
      double predicted = 0;
      for (int j = 0; j < matrix.length; j++) {
        support += matrix[k][j];
        predicted += matrix[j][k];
      }
      double tp = matrix[k][k];
      lines.add(
          new ClassScores(
              k,
              support,
              predicted,
              ratio(tp, predicted),
              ratio(tp, support),
              ratio(2 * tp, predicted + support)));
      total += support;
      right += tp;
    }
  }

  List<ClassScores> lines() {
    return List.copyOf(lines);
  }

  Value value(Metric metric) {
    return switch (metric) {
      case PRECISION ->
          Value.of(lines.get(1).precision(), "no row was predicted as the positive class");
      case RECALL -> Value.of(lines.get(1).recall(), "no row of the positive class");
      case F1 -> Value.of(lines.get(1).f1(), "the positive class neither occurs nor is predicted");
      case PRECISION_MACRO -> macro(ClassScores::precision);
      case RECALL_MACRO -> macro(ClassScores::recall);
      case F1_MACRO, DICE -> macro(ClassScores::f1);
      case IOU -> macro(line -> line.f1() / (2 - line.f1()));
      case PRECISION_WEIGHTED -> weighted(ClassScores::precision);
      case RECALL_WEIGHTED -> weighted(ClassScores::recall);
      case F1_WEIGHTED -> weighted(ClassScores::f1);
      default -> Value.of(right / total, "no rows"); // the micro averages
    };
  }

  private Value macro(ToDoubleFunction<ClassScores> score) {
    double sum = 0;
    int present = 0;
    for (ClassScores line : lines) {
      if (line.support() + line.predicted() > 0) {
        sum += zeroIfNone(score.applyAsDouble(line));
        present++;
      }
    }
    return Value.of(sum / present, "no rows");
  }

  private Value weighted(ToDoubleFunction<ClassScores> score) {
    double sum = 0;
    for (ClassScores line : lines) {
      sum += line.support() * zeroIfNone(score.applyAsDouble(line));
    }
    return Value.of(sum / total, "no rows");
  }

  private static double zeroIfNone(double value) {
    return Double.isNaN(value) ? 0 : value;
  }

  private static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : Double.NaN;
  }
}
