package dev.bellows.jobs.synth;

import java.util.ArrayList;
import java.util.List;

/**
 * The digits as pen strokes in the unit square (x to the right, y down). Each digit has the common
 * ways of writing it.
 */
final class Strokes {
  private static final int ARC_POINTS = 14;

  /** One pen stroke as points x0, y0, x1, y1, ... */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Stroke(double[] points) {}

  private static final List<List<List<Stroke>>> DIGITS =
      List.of(zero(), one(), two(), three(), four(), five(), six(), seven(), eight(), nine());

  private Strokes() {}

  /** The ways of writing a digit. */
  static List<List<Stroke>> of(int digit) {
    return DIGITS.get(digit);
  }

  private static List<List<Stroke>> zero() {
    return List.of(
        List.of(arc(0.5, 0.5, 0.26, 0.40, 0, 360)), List.of(arc(0.5, 0.5, 0.20, 0.38, -100, 270)));
  }

  private static List<List<Stroke>> one() {
    return List.of(
        List.of(line(0.5, 0.1, 0.5, 0.9)),
        List.of(line(0.34, 0.28, 0.52, 0.1, 0.52, 0.9)),
        List.of(line(0.36, 0.26, 0.52, 0.1, 0.52, 0.9), line(0.32, 0.9, 0.72, 0.9)));
  }

  private static List<List<Stroke>> two() {
    return List.of(
        List.of(join(arc(0.5, 0.33, 0.24, 0.22, 190, 400), line(0.27, 0.88, 0.76, 0.88))),
        List.of(
            join(
                arc(0.48, 0.33, 0.24, 0.23, 200, 410),
                line(0.26, 0.86, 0.40, 0.80, 0.58, 0.90, 0.78, 0.84))));
  }

  private static List<List<Stroke>> three() {
    return List.of(
        List.of(join(arc(0.46, 0.30, 0.22, 0.20, 200, 440), arc(0.46, 0.69, 0.25, 0.21, -90, 160))),
        List.of(
            join(line(0.26, 0.12, 0.72, 0.12, 0.46, 0.44), arc(0.46, 0.67, 0.25, 0.23, -90, 155))));
  }

  private static List<List<Stroke>> four() {
    return List.of(
        List.of(line(0.62, 0.9, 0.62, 0.1, 0.24, 0.64, 0.80, 0.64)),
        List.of(line(0.30, 0.12, 0.26, 0.52, 0.74, 0.52), line(0.68, 0.12, 0.66, 0.9)));
  }

  private static List<List<Stroke>> five() {
    return List.of(
        List.of(
            join(line(0.72, 0.12, 0.34, 0.12, 0.30, 0.46), arc(0.47, 0.64, 0.25, 0.24, -125, 145))),
        List.of(
            join(line(0.36, 0.14, 0.31, 0.45), arc(0.46, 0.65, 0.24, 0.23, -120, 150)),
            line(0.36, 0.14, 0.74, 0.11)));
  }

  private static List<List<Stroke>> six() {
    return List.of(
        List.of(
            join(line(0.64, 0.10, 0.42, 0.32, 0.30, 0.58), arc(0.50, 0.67, 0.21, 0.21, 180, 540))),
        List.of(
            join(arc(0.66, 0.58, 0.38, 0.46, 275, 185), arc(0.49, 0.68, 0.20, 0.20, 190, 545))));
  }

  private static List<List<Stroke>> seven() {
    return List.of(
        List.of(line(0.24, 0.13, 0.76, 0.13, 0.42, 0.9)),
        List.of(line(0.24, 0.15, 0.75, 0.12, 0.52, 0.5, 0.44, 0.9), line(0.36, 0.52, 0.68, 0.48)));
  }

  private static List<List<Stroke>> eight() {
    return List.of(
        List.of(arc(0.5, 0.30, 0.19, 0.19, 90, 450), arc(0.5, 0.70, 0.23, 0.21, -90, 270)),
        List.of(
            join(
                arc(0.5, 0.29, 0.20, 0.18, -30, -270),
                arc(0.5, 0.69, 0.22, 0.21, -90, 210),
                line(0.64, 0.40, 0.68, 0.22))));
  }

  private static List<List<Stroke>> nine() {
    return List.of(
        List.of(join(arc(0.49, 0.33, 0.21, 0.21, 0, 360), line(0.69, 0.42, 0.64, 0.66, 0.54, 0.9))),
        List.of(
            join(
                arc(0.49, 0.33, 0.20, 0.21, -20, 350),
                line(0.69, 0.36, 0.69, 0.64),
                arc(0.48, 0.66, 0.21, 0.23, 0, 120))));
  }

  private static Stroke line(double... points) {
    return new Stroke(points);
  }

  /** Part of an ellipse; degrees clockwise from the right, since y points down. */
  private static Stroke arc(double cx, double cy, double rx, double ry, double from, double to) {
    double[] points = new double[2 * ARC_POINTS];
    for (int i = 0; i < ARC_POINTS; i++) {
      double angle = StrictMath.toRadians(from + (to - from) * i / (ARC_POINTS - 1));
      points[2 * i] = cx + rx * StrictMath.cos(angle);
      points[2 * i + 1] = cy + ry * StrictMath.sin(angle);
    }
    return new Stroke(points);
  }

  private static Stroke join(Stroke... parts) {
    List<Double> all = new ArrayList<>();
    for (Stroke part : parts) {
      for (double value : part.points()) {
        all.add(value);
      }
    }
    return new Stroke(all.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
