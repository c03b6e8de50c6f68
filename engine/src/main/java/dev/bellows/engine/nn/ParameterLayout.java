package dev.bellows.engine.nn;

import java.util.List;

/**
 * The flat parameter vector: contiguous named segments in the order in which the forward pass first
 * uses them; sparse tables behind all others.
 *
 * @param segments in order, without gaps
 * @param length elements of the flat vector
 */
public record ParameterLayout(List<Segment> segments, int length) {
  /** Checks that the segments tile [0, length). */
  public ParameterLayout {
    segments = List.copyOf(segments);
    int next = 0;
    for (Segment segment : segments) {
      if (segment.offset() != next || segment.length() != segment.shape().size()) {
        throw new NetworkException(
            "segment "
                + segment.name()
                + " must start at "
                + next
                + " and hold "
                + segment.shape().size()
                + " elements, got "
                + segment.offset()
                + " and "
                + segment.length());
      }
      next = segment.end();
    }
    if (next != length) {
      throw new NetworkException(
          "the segments hold " + next + " elements, the layout says " + length);
    }
  }

  /**
   * The segment of this name.
   *
   * @throws NetworkException when there is none
   */
  public Segment segment(String name) {
    for (Segment segment : segments) {
      if (segment.name().equals(name)) {
        return segment;
      }
    }
    throw new NetworkException(
        "no segment '" + name + "'; there are " + segments.stream().map(Segment::name).toList());
  }

  /** The part in front of the sparse tables. */
  public ParameterLayout dense() {
    List<Segment> some = segments.stream().filter(s -> !s.sparse()).toList();
    return new ParameterLayout(some, some.isEmpty() ? 0 : some.get(some.size() - 1).end());
  }

  /** Number of elements that an optimiser moves. */
  public int trainable() {
    return segments.stream()
        .filter(s -> s.kind() == Segment.Kind.TRAINABLE)
        .mapToInt(Segment::length)
        .sum();
  }
}
