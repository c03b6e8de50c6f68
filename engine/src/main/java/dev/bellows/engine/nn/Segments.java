package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The flat parameter vector as it grows, with one PARAMETER node per segment. Sparse tables move to
 * its end.
 */
final class Segments {
  private final Graph graph;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();

  Segments(Graph graph) {
    this.graph = graph;
  }

  int count() {
    return segments.size();
  }

  List<String> names(int from) {
    return segments.subList(from, segments.size()).stream().map(Segment::name).toList();
  }

  /** The nodes in the order of the layout. */
  List<Node> nodes() {
    return order().map(nodes::get).toList();
  }

  private Stream<Integer> order() {
    return IntStream.range(0, segments.size())
        .boxed()
        .sorted(Comparator.comparing(i -> segments.get(i).sparse())); // stable
  }

  /** The index of the segment of this name, or -1. */
  int indexOf(String name) {
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  Node node(int index) {
    return nodes.get(index);
  }

  ParameterLayout layout() {
    List<Segment> placed = new ArrayList<>();
    int next = 0;
    for (int i : order().toList()) {
      Segment segment = segments.get(i).at(next);
      placed.add(segment);
      next = segment.end();
    }
    return new ParameterLayout(placed, next);
  }

  /** Declares a segment a table that may be trained row by row. */
  void markSparse(String name) {
    int index = indexOf(name);
    segments.set(index, segments.get(index).asSparse());
  }

  boolean isSparse(int index) {
    return segments.get(index).sparse();
  }

  Node trained(
      String name,
      Shape shape,
      Initializer init,
      boolean decay,
      int fanIn,
      int fanOut,
      float rateScale) {
    return add(
        new Segment(
            name,
            shape,
            next(name, shape),
            (int) shape.size(),
            Segment.Kind.TRAINABLE,
            init,
            decay,
            fanIn,
            fanOut,
            0,
            rateScale));
  }

  Node state(String name, Shape shape, Initializer init, float momentum) {
    int size = (int) shape.size();
    return add(
        new Segment(
            name,
            shape,
            next(name, shape),
            size,
            Segment.Kind.STATE,
            init,
            false,
            size,
            size,
            momentum));
  }

  private int next(String name, Shape shape) {
    if (indexOf(name) >= 0) {
      throw new NetworkException("two parameters are called " + name);
    }
    int offset = segments.isEmpty() ? 0 : segments.get(segments.size() - 1).end();
    if (offset + shape.size() > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          "parameter " + name + " " + shape + " makes the network larger than 2^31 values");
    }
    return offset;
  }

  private Node add(Segment segment) {
    segments.add(segment);
    Node node = graph.parameter(segment.name(), segment.shape());
    nodes.add(node);
    return node;
  }
}
