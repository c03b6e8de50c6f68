package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Shapes, gradients and known values of convolutions, in double precision. */
final class ConvolutionGradientTest {
  private final Set<Op> checked = EnumSet.noneOf(Op.class);

  private void check(String what, GradientCheck c, Node output) {
    c.verify(what, output);
    c.graph.nodes().forEach(node -> checked.add(node.op()));
  }

  @Test
  @DisplayName("LAY-03, LAY-23, LAY-24 convolution: gradient checks of every op, rank and option")
  void gradients() {
    Window[] windows = {
      Window.of(3),
      Window.of(3).strides(2).padding(1),
      Window.of(3, 2).strides(2, 1).padding(new int[] {1, 0}, new int[] {0, 1}),
      Window.of(2, 2).dilations(2, 1).padding(1, 1),
      Window.of(1, 1),
      Window.of(2, 1, 2).strides(1, 2, 1).padding(0, 0, 1)
    };
    for (Window window : windows) {
      for (int groups : new int[] {1, 2}) {
        GradientCheck c = new GradientCheck(window.rank() + groups);
        int[] x = image(window.rank(), 2, 4, 4);
        Node w = c.normal(kernel(window, 4 / groups, 2));
        Node y = Convolutions.conv(c.graph, c.normal(x), w, window, groups);
        check("conv " + window, c, y);

        GradientCheck t = new GradientCheck(20 + window.rank() + groups);
        int[] output = Convolutions.transposedOutput(window, new int[window.rank()]);
        for (int i = 0; i < output.length; i++) {
          output[i] += 3 * window.stride(i);
        }
        Node v = t.normal(image(window.rank(), 1, 3, 2));
        Node k = t.normal(kernel(window, 4 / groups, 2));
        check("transposed", t, Convolutions.transposed(t.graph, v, k, window, groups, output));

        GradientCheck d = new GradientCheck(40 + window.rank() + groups);
        Node in = d.normal(x);
        Node dy = d.normal(y.shape().dims());
        check("weight", d, Convolutions.gradWeight(d.graph, in, dy, window, groups));
      }
    }
    for (Op op : Op.values()) {
      assertThat(op.family() != OpFamily.CONVOLUTION || checked.contains(op))
          .as("gradient check of %s", op.id())
          .isTrue();
    }
  }

  @Test
  @DisplayName("Depthwise and second derivatives of a small network")
  void depthwise() {
    GradientCheck c = new GradientCheck(9);
    Window window = Window.of(3, 3).padding(1, 1);
    Node x = c.normal(1, 3, 4, 3);
    Node y = Convolutions.conv(c.graph, x, c.normal(3, 3, 1, 6), window, 3);
    Node loss = c.graph.reduceSum(c.graph.pow(c.graph.tanh(y), 2));
    c.verify("slope", Gradients.reverse(c.graph, loss, List.of(x)).get(x));
  }

  private static int[] image(int rank, int rows, int size, int channels) {
    int[] dims = new int[rank + 2];
    java.util.Arrays.fill(dims, size);
    dims[0] = rows;
    dims[rank + 1] = channels;
    return dims;
  }

  private static int[] kernel(Window window, int channels, int outputs) {
    int[] dims = new int[window.rank() + 2];
    for (int i = 0; i < window.rank(); i++) {
      dims[i] = window.kernel(i);
    }
    dims[window.rank()] = channels;
    dims[window.rank() + 1] = outputs;
    return dims;
  }

  private static double[] ramp(int n, double step, double period, double shift) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = i * step % period + shift;
    }
    return values;
  }

  /**
   * Values of torch 2.13.0 in float64, for x [1, 4, 5, 4] = 0.37 i mod 2 - 1, w [3, 2, 2, 6] = 0.23
   * i mod 1 - 0.5 and dy = 0.31 i mod 1:
   *
   * <pre>
   * F.conv2d(x.permute(0,3,1,2), w.permute(3,2,0,1), stride=(2,1), padding=(1,0), dilation=(1,2), groups=2)
   * F.conv_transpose2d(z.permute(0,3,1,2), k.permute(3,2,0,1), stride=2, padding=1, output_padding=1)
   * </pre>
   */
  @Test
  void goldenValuesOfPyTorch() {
    GradientCheck c = new GradientCheck(1);
    Node x = c.of(ramp(80, 0.37, 2, -1), 1, 4, 5, 4);
    Node w = c.of(ramp(72, 0.23, 1, -0.5), 3, 2, 2, 6);
    Window window = Window.of(3, 2).strides(2, 1).padding(1, 0).dilations(1, 2);
    Node y = Convolutions.conv(c.graph, x, w, window, 2);
    assertThat(y.shape()).isEqualTo(Shape.of(1, 2, 3, 6));
    starts(c, y, -0.5616, 0.46, -0.1184, 0.72, -0.7168, -0.2336);
    Node v = c.fixed(ramp(36, 0.31, 1, 0), 1, 2, 3, 6);
    Node loss = c.graph.reduceSum(c.graph.mul(y, v));
    Map<Node, Node> gradients = Gradients.reverse(c.graph, loss, List.of(x, w));
    starts(c, gradients.get(x), 0.3751, -0.2015, -0.1906, -0.087, 0.2901);
    starts(c, gradients.get(w), -0.0128, -0.1244, -0.516, -0.1862, -0.2296);
    assertThat(absolute(c.run.value(gradients.get(x)))).isCloseTo(22.686, within(1e-9));
    assertThat(absolute(c.run.value(gradients.get(w)))).isCloseTo(29.227, within(1e-9));

    Node z = c.of(ramp(36, 0.41, 1, 0), 1, 3, 3, 4);
    Node k = c.of(ramp(72, 0.29, 1, -0.5), 3, 3, 2, 4);
    Window up = Window.of(3, 3).strides(2, 2).padding(1, 1);
    Node t = Convolutions.transposed(c.graph, z, k, up, 1, 6, 6);
    starts(c, t, 0.2434, -0.343, 0.478, -0.0152, -0.2762);
    assertThat(absolute(c.run.value(t))).isCloseTo(16.4484, within(1e-9));
  }

  private static void starts(GradientCheck c, Node node, double... expected) {
    double[] found = c.run.value(node);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).as("%s[%d]", node, i).isCloseTo(expected[i], within(1e-9));
    }
  }

  private static double absolute(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += Math.abs(value);
    }
    return sum;
  }

  @Test
  @DisplayName("LAY-02 full 1-D convolution is cross-correlation with the flipped kernel")
  void lay02() {
    GradientCheck c = new GradientCheck(1);
    Node x = c.of(new double[] {1, 2, 3}, 1, 3, 1);
    Window full = Window.of(3).padding(2);
    Node flipped = c.of(new double[] {0.5, 1, 0}, 3, 1, 1);
    assertThat(c.run.value(Convolutions.conv(c.graph, x, flipped, full, 1)))
        .containsExactly(0, 1, 2.5, 4, 1.5);
    // True convolution pastes the kernel as it is: a transposed cross-correlation.
    Node kernel = c.of(new double[] {0, 1, 0.5}, 3, 1, 1);
    double[] pasted = c.run.value(Convolutions.transposed(c.graph, x, kernel, Window.of(3), 1, 5));
    assertThat(pasted).containsExactly(new double[] {0, 1, 2.5, 4, 1.5}, within(1e-12));
  }

  @Test
  @DisplayName("LAY-03 shapes and counts: 3x32x32 with six 5x5x3 filters gives 28x28x6 and 456")
  void lay03() {
    Graph g = new Graph();
    Node x = g.input("x", DType.FLOAT32, Shape.of(1, 32, 32, 3));
    Node w = g.parameter("w", Shape.of(5, 5, 3, 6));
    Node y = Convolutions.conv(g, x, w, Window.of(5, 5), 1);
    assertThat(y.shape()).isEqualTo(Shape.of(1, 28, 28, 6));
    assertThat(w.shape().size() + 6).isEqualTo(456);
    Node small = g.input("s", DType.FLOAT32, Shape.of(1, 3, 3, 1));
    Node two = g.parameter("two", Shape.of(2, 2, 1, 1));
    assertThat(Convolutions.conv(g, small, two, Window.of(2, 2), 1).shape())
        .isEqualTo(Shape.of(1, 2, 2, 1));
  }

  @Test
  @DisplayName("LAY-04 output size is floor((N - F + 2P) / S) + 1 over 40 settings; same keeps N")
  void lay04() {
    int settings = 0;
    for (int n : new int[] {5, 8, 11, 32}) {
      for (int f : new int[] {1, 2, 3, 5}) {
        for (int p : new int[] {0, 1, 2}) {
          for (int s : new int[] {1, 2, 3}) {
            Graph g = new Graph();
            Node x = g.input("x", DType.FLOAT32, Shape.of(1, n, n, 1));
            Node w = g.parameter("w", Shape.of(f, f, 1, 1));
            Window window = Window.of(f, f).padding(p, p).strides(s, s);
            assertThat(Convolutions.conv(g, x, w, window, 1).shape().dim(1))
                .isEqualTo((int) Math.floor((n - f + 2.0 * p) / s) + 1);
            settings++;
          }
        }
      }
    }
    assertThat(settings).isGreaterThanOrEqualTo(40);
    assertThat(Window.of(5, 5).same(32, 32)).isEqualTo(Window.of(5, 5).padding(2, 2));
    assertThat(Window.of(3).strides(2).same(7).output(0, 7)).isEqualTo(4);
  }

  @Test
  @DisplayName("LAY-19 28x28 to 56x56 with F = 2, S = 2 is the gradient of a convolution's input")
  void lay19() {
    Graph g = new Graph();
    Node x = g.input("x", DType.FLOAT32, Shape.of(1, 28, 28, 2));
    Node w = g.parameter("w", Shape.of(2, 2, 3, 2));
    Window window = Window.of(2, 2).strides(2, 2);
    int[] size = Convolutions.transposedOutput(window, 28, 28);
    Node y = Convolutions.transposed(g, x, w, window, 1, size);
    assertThat(y.shape()).isEqualTo(Shape.of(1, 56, 56, 3));
    Node image = g.input("image", DType.FLOAT32, Shape.of(1, 56, 56, 3));
    Node loss = g.reduceSum(g.mul(Convolutions.conv(g, image, w, window, 1), x));
    Node gradient = Gradients.reverse(g, loss, List.of(image)).get(image);
    ReferenceExecutor run = new ReferenceExecutor(g);
    run.bind(x, ramp(28 * 28 * 2, 0.37, 2, -1));
    run.bind(w, ramp(24, 0.23, 1, -0.5));
    run.bind(image, ramp(56 * 56 * 3, 0.11, 1, 0));
    assertThat(run.value(y)).containsExactly(run.value(gradient), within(1e-9));
  }

  @Test
  @DisplayName("LAY-34 shapes that do not fit are refused by name, with both shapes")
  void shapesThatDoNotFit() {
    Graph g = new Graph();
    Node x = g.input("image", DType.FLOAT32, Shape.of(2, 4, 4, 3));
    Node w = g.parameter("w", Shape.of(5, 5, 3, 8));
    Window five = Window.of(5, 5);
    assertThatThrownBy(() -> Convolutions.conv(g.named("first"), x, w, five, 1))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("node first")
        .hasMessageContaining("[2, 4, 4, 3]")
        .hasMessageContaining("padding of at least 1 in all");
    g.named(null);
    Node grey = g.input("grey", DType.FLOAT32, Shape.of(2, 9, 9, 1));
    assertThatThrownBy(() -> Convolutions.conv(g.named("second"), grey, w, five, 1))
        .hasMessageContaining("second")
        .hasMessageContaining("grey [2, 9, 9, 1] has 1 channels")
        .hasMessageContaining("takes 3");
    Node flat = g.input("flat", DType.FLOAT32, Shape.of(2, 9));
    assertThatThrownBy(() -> Convolutions.conv(g.named("third"), flat, w, five, 1))
        .hasMessageContaining("input [2, 9] must be [N, spatial, spatial, C], rank 4");
    assertThatThrownBy(() -> Convolutions.conv(g.named("fourth"), x, w, Window.of(3, 3), 1))
        .hasMessageContaining("weight [5, 5, 3, 8] does not fit kernel [3, 3]");
  }
}
