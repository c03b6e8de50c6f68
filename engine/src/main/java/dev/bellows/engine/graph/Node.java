package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.List;

/**
 * One operation of a {@link Graph} and the tensor it yields. Made by the graph only; equality is
 * identity.
 */
public final class Node {
  private final int id;
  private final Op op;
  private final String name;
  private final List<Node> inputs;
  private final Shape shape;
  private final DType dtype;
  private final Attributes attributes;

  Node(
      int id,
      Op op,
      String name,
      List<Node> inputs,
      Shape shape,
      DType dtype,
      Attributes attributes) {
    this.id = id;
    this.op = op;
    this.name = name;
    this.inputs = List.copyOf(inputs);
    this.shape = shape;
    this.dtype = dtype;
    this.attributes = attributes;
  }

  /** Position in {@link Graph#nodes()}; inputs always have a smaller one. */
  public int id() {
    return id;
  }

  public Op op() {
    return op;
  }

  /** Unique within the graph: the name given, or for example {@code matmul_12}. */
  public String name() {
    return name;
  }

  public List<Node> inputs() {
    return inputs;
  }

  public Node input(int i) {
    return inputs.get(i);
  }

  public Shape shape() {
    return shape;
  }

  public DType dtype() {
    return dtype;
  }

  public Attributes attributes() {
    return attributes;
  }

  /** For example {@code matmul_12 [128, 256]}. */
  @Override
  public String toString() {
    return name + " " + shape;
  }
}
