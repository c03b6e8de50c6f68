package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;

/** Between the pixels and the channels of images [N, H, W, C]. */
public final class Reorganisations {
  private Reorganisations() {}

  /**
   * Every block of {@code size x size} pixels as one pixel of {@code size^2 C} channels, the
   * block's rows one after another (J. Redmon, A. Farhadi, "YOLO9000", CVPR 2017: passthrough).
   *
   * @throws GraphException when H or W is no multiple of {@code size}
   */
  public static Node spaceToDepth(Graph g, Node x, int size) {
    Shape s = image(g, x, size);
    if (s.dim(1) % size != 0 || s.dim(2) % size != 0) {
      throw new GraphException(
          "node "
              + g.label(Op.PERMUTE)
              + ": blocks of "
              + size
              + " x "
              + size
              + " do not tile "
              + x
              + ": pad height and width to multiples of "
              + size);
    }
    int n = s.dim(0);
    int h = s.dim(1) / size;
    int w = s.dim(2) / size;
    int c = s.dim(3);
    String name = g.takeName();
    Node blocks = g.reshape(x, Shape.of(n, h, size, w, size, c));
    Node together = Indexings.permute(g, blocks, 0, 1, 3, 2, 4, 5);
    return g.named(name).reshape(together, Shape.of(n, h, w, size * size * c));
  }

  /**
   * The inverse of {@link #spaceToDepth}.
   *
   * @throws GraphException when C is no multiple of {@code size^2}
   */
  public static Node depthToSpace(Graph g, Node x, int size) {
    Shape s = image(g, x, size);
    if (s.dim(3) % (size * size) != 0) {
      throw new GraphException(
          "node "
              + g.label(Op.PERMUTE)
              + ": the channels of "
              + x
              + " must be a multiple of "
              + size * size
              + " to become blocks of "
              + size
              + " x "
              + size
              + " pixels");
    }
    int n = s.dim(0);
    int h = s.dim(1);
    int w = s.dim(2);
    int c = s.dim(3) / (size * size);
    String name = g.takeName();
    Node blocks = g.reshape(x, Shape.of(n, h, w, size, size, c));
    Node apart = Indexings.permute(g, blocks, 0, 1, 3, 2, 4, 5);
    return g.named(name).reshape(apart, Shape.of(n, h * size, w * size, c));
  }

  private static Shape image(Graph g, Node x, int size) {
    if (x.shape().rank() != 4 || size < 1) {
      throw new GraphException(
          "node "
              + g.label(Op.PERMUTE)
              + ": expected images [N, H, W, C] and blocks of 1 or more, found "
              + x
              + " and "
              + size);
    }
    return x.shape();
  }
}
