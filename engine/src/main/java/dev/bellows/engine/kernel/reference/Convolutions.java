package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Windows;
import dev.bellows.engine.kernel.ConvolutionShape;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;

/** Convolutions and their gradients: one walk over every product of an input and a weight. */
final class Convolutions {
  private Convolutions() {}

  /** One product: indices into input, weight and output. */
  private interface Visitor {
    void visit(int x, int w, int y);
  }

  static double[] compute(Node n, double[][] in) {
    ConvolutionShape shape =
        new ConvolutionShape(
            dev.bellows.engine.graph.Convolutions.input(n),
            dev.bellows.engine.graph.Convolutions.weight(n),
            Windows.of(n),
            dev.bellows.engine.graph.Convolutions.groups(n));
    double[] a = in[0];
    double[] b = in[1];
    double[] out = new double[(int) n.shape().size()];
    walk(
        shape.threeAxes(),
        switch (n.op()) {
          case CONV -> (x, w, y) -> out[y] += a[x] * b[w];
          case CONV_GRAD_INPUT -> (x, w, y) -> out[x] += a[y] * b[w];
          case CONV_GRAD_WEIGHT -> (x, w, y) -> out[w] += a[x] * b[y];
          default ->
              throw new IllegalStateException("the reference does not know op " + n.op().id());
        });
    return out;
  }

  private static void walk(ConvolutionShape s, Visitor visitor) {
    Shape output = s.output();
    Window win = s.window();
    for (int n = 0; n < s.batch(); n++) {
      for (int d = 0; d < output.dim(1); d++) {
        for (int h = 0; h < output.dim(2); h++) {
          for (int w = 0; w < output.dim(3); w++) {
            int y = ((n * output.dim(1) + d) * output.dim(2) + h) * output.dim(3) + w;
            for (int k = 0; k < win.positions(); k++) {
              int kd = k / (win.kernel(1) * win.kernel(2));
              int kh = k / win.kernel(2) % win.kernel(1);
              int id = position(s, 0, d, kd);
              int ih = position(s, 1, h, kh);
              int iw = position(s, 2, w, k % win.kernel(2));
              if (id >= 0 && ih >= 0 && iw >= 0) {
                int x = ((n * s.input().dim(1) + id) * s.input().dim(2) + ih) * s.input().dim(3);
                channels(s, x + iw, k, y, visitor);
              }
            }
          }
        }
      }
    }
  }

  /** The input position of an output position and a kernel position; -1 in the padding. */
  private static int position(ConvolutionShape s, int axis, int output, int kernel) {
    Window w = s.window();
    int at = output * w.stride(axis) + kernel * w.dilation(axis) - w.low(axis);
    return at < s.input().dim(axis + 1) ? Math.max(at, -1) : -1;
  }

  private static void channels(ConvolutionShape s, int x, int k, int y, Visitor visitor) {
    int perGroup = s.channels() / s.groups();
    int outputs = s.outputs() / s.groups();
    for (int o = 0; o < s.outputs(); o++) {
      int first = o / outputs * perGroup;
      for (int c = 0; c < perGroup; c++) {
        visitor.visit(
            x * s.channels() + first + c,
            (k * perGroup + c) * s.outputs() + o,
            y * s.outputs() + o);
      }
    }
  }
}
