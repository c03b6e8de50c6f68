package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.graph.Convolutions;
import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Poolings;
import dev.bellows.engine.graph.Reorganisations;
import dev.bellows.engine.graph.Work;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.plan.GraphPlan;
import dev.bellows.engine.plan.PlanCheck;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.ResNets;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows of convolution, pooling and batch norm on real images and digits. */
final class CatalogueImageTest {
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);

  private static final Window THREE = Window.of(3, 3).padding(1, 1);

  /** PH: the middle of a photo, [1, size, size, 3], in [0, 1]. */
  private static float[] photo(String name, int size) throws IOException {
    return photo(name, size, size);
  }

  /** PH: the middle of a photo of 427 x 640, [1, height, width, 3], in [0, 1]. */
  private static float[] photo(String name, int height, int width) throws IOException {
    BufferedImage image =
        Objects.requireNonNull(ImageIO.read(RealData.file("photos/" + name).toFile()), name);
    float[] pixels = new float[height * width * 3];
    int top = (image.getHeight() - height) / 2;
    int left = (image.getWidth() - width) / 2;
    for (int i = 0; i < pixels.length; i++) {
      int rgb = image.getRGB(left + i / 3 % width, top + i / 3 / width);
      pixels[i] = (rgb >> (8 * (2 - i % 3)) & 255) / 255f;
    }
    return pixels;
  }

  /** Bilinear values of [size, size, 3] at source positions of a map; edges repeated. */
  private static float[] rotated(float[] x, int size, double degrees) {
    float[] y = new float[x.length];
    double sin = Math.sin(Math.toRadians(degrees));
    double cos = Math.cos(Math.toRadians(degrees));
    double middle = (size - 1) / 2.0;
    for (int i = 0; i < x.length; i++) {
      double h = i / 3 / size - middle;
      double w = i / 3 % size - middle;
      int row = (int) Math.round(Math.min(size - 1, Math.max(0, cos * h - sin * w + middle)));
      int column = (int) Math.round(Math.min(size - 1, Math.max(0, sin * h + cos * w + middle)));
      y[i] = x[(row * size + column) * 3 + i % 3];
    }
    return y;
  }

  private static float[] magnitudes(float[] x) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = Math.abs(x[i]);
    }
    return y;
  }

  private static float[] filtered(float[] image, int size, float[] weights) {
    try (PlanCheck c = new PlanCheck(1)) {
      Node x = c.floats(image, 1, size, size, 3);
      Node w = c.floats(weights, 5, 5, 3, 4);
      Node y = Convolutions.conv(c.graph, x, w, Window.of(5, 5).padding(2, 2), 1);
      return c.run(KERNELS, PlanOptions.DEFAULT, false, y).get(y);
    }
  }

  @Test
  @DisplayName("LAY-07 convolution of a shifted photo is the shifted map; of a turned one is not")
  void lay07Equivariance() throws IOException {
    int size = 96;
    float[] photo = photo("china.jpg", size + 8);
    float[] here = new float[size * size * 3];
    float[] there = new float[here.length];
    int down = 3;
    int right = 5;
    for (int i = 0; i < here.length; i++) {
      int h = i / 3 / size;
      int w = i / 3 % size;
      here[i] = photo[(h * (size + 8) + w) * 3 + i % 3];
      there[i] = photo[((h + down) * (size + 8) + w + right) * 3 + i % 3];
    }
    float[] weights = new float[5 * 5 * 3 * 4];
    Philox.fillNormal(3, 0, weights, 0, weights.length);
    float[] a = filtered(here, size, weights);
    float[] b = filtered(there, size, weights);
    // A float32 sum is right relative to its terms without their signs, whatever comes of it.
    float[] terms = filtered(there, size, magnitudes(weights)); // the photo has no signs
    double worst = 0;
    for (int h = 2; h < size - 2 - down; h++) {
      for (int w = 2; w < size - 2 - right; w++) {
        for (int o = 0; o < 4; o++) {
          float shifted = a[((h + down) * size + w + right) * 4 + o];
          int at = (h * size + w) * 4 + o;
          worst = Math.max(worst, Math.abs(b[at] - shifted) / terms[at]);
        }
      }
    }
    assertThat(worst).isLessThan(1e-6);
    float[] turned = filtered(rotated(here, size, 30), size, weights);
    float[] map = new float[size * size * 3];
    float[] mapTurned = new float[map.length];
    for (int i = 0; i < map.length; i++) {
      map[i] = a[i / 3 * 4 + i % 3];
      mapTurned[i] = turned[i / 3 * 4 + i % 3];
    }
    float[] expected = rotated(map, size, 30);
    double difference = 0;
    int count = 0;
    for (int h = size / 4; h < size * 3 / 4; h++) {
      for (int i = (h * size + size / 4) * 3; i < (h * size + size * 3 / 4) * 3; i++) {
        difference += Math.abs(expected[i] - mapTurned[i]);
        count++;
      }
    }
    assertThat(difference / count).isGreaterThan(0.05);
  }

  /** China has tiles and leaves finer than two pixels; the flower before its meadow has not. */
  @Test
  @DisplayName("LAY-20 photos at half the size and back: PSNR 25 dB or more (flower), 22.5 (china)")
  void lay20Resampling() throws IOException {
    Map<String, Double> least = Map.of("flower.jpg", 25.0, "china.jpg", 22.5);
    for (Map.Entry<String, Double> wanted : least.entrySet()) {
      float[] photo = photo(wanted.getKey(), 426, 640);
      try (PlanCheck c = new PlanCheck(1)) {
        Node x = c.floats(photo, 1, 426, 640, 3);
        Poolings.Corners half = Poolings.Corners.HALF_PIXEL;
        Node small = Poolings.resizeLinear(c.graph, x, half, 213, 320);
        Node back = Poolings.resizeLinear(c.graph, small, half, 426, 640);
        float[] found = c.run(KERNELS, PlanOptions.DEFAULT, false, back).get(back);
        double squares = 0;
        for (int i = 0; i < found.length; i++) {
          squares += Math.pow(found[i] - photo[i], 2);
        }
        double decibels = -10 * Math.log10(squares / found.length);
        assertThat(decibels).as(wanted.getKey()).isGreaterThanOrEqualTo(wanted.getValue());
      }
    }
  }

  @Test
  @DisplayName("LAY-11 ReLU and max pooling change places on 100 digits: 0 difference, a quarter")
  void lay11Commutation() {
    Samples digits = CatalogueData.digits();
    try (PlanCheck c = new PlanCheck(5)) {
      Node x = c.floats(Arrays.copyOf(digits.x(), 100 * 64), 100, 8, 8, 1);
      Node map = Convolutions.conv(c.graph, x, c.parameter(3, 3, 1, 6), THREE, 1);
      Window two = Window.of(2, 2).strides(2, 2);
      Node before = Poolings.maxPool(c.graph, c.graph.relu(map), two);
      Node after = c.graph.relu(Poolings.maxPool(c.graph, map, two));
      Map<Node, float[]> both = c.run(KERNELS, PlanOptions.DEFAULT, false, before, after);
      assertThat(both.get(before)).containsExactly(both.get(after));
      assertThat(after.input(0).shape().size() * 4).isEqualTo(before.input(0).shape().size());
    }
  }

  @Test
  @DisplayName("LAY-24 a 1x1 convolution is a product over channels")
  void lay24Pointwise() {
    try (PlanCheck c = new PlanCheck(6)) {
      Node x = c.normal(2, 5, 7, 24);
      Node w = c.parameter(24, 10);
      Node kernel = c.graph.reshape(w, Shape.of(1, 1, 24, 10));
      Node y = Convolutions.conv(c.graph, x, kernel, Window.of(1, 1), 1);
      Node rows = c.graph.reshape(x, Shape.of(70, 24));
      Node z = c.graph.matmul(rows, w);
      Node terms = c.graph.matmul(c.graph.abs(rows), c.graph.abs(w));
      Map<Node, float[]> both = c.run(KERNELS, PlanOptions.DEFAULT, false, y, z);
      double[] expected = c.reference.value(z);
      double[] exact = c.reference.value(y);
      double[] size = c.reference.value(terms);
      for (int i = 0; i < expected.length; i++) {
        assertThat(exact[i]).isCloseTo(expected[i], within(1e-12));
        // A float32 sum is right relative to its terms without their signs.
        double allowed = 1e-6 * size[i];
        assertThat((double) both.get(y)[i]).isCloseTo(expected[i], within(allowed));
        assertThat((double) both.get(y)[i]).isCloseTo(both.get(z)[i], within(allowed));
      }
    }
  }

  @Test
  @DisplayName("LAY-23 depthwise multiply-adds are D_K D_K M D_F D_F")
  void lay23Depthwise() {
    Graph g = new Graph();
    Node x = g.input("x", DType.FLOAT32, Shape.of(1, 14, 14, 512));
    Node w = g.parameter("w", Shape.of(3, 3, 1, 512));
    Node y = Convolutions.conv(g, x, w, THREE, 512);
    assertThat(Work.multiplyAdds(y)).isEqualTo(3L * 3 * 512 * 14 * 14);
    NetworkSpec spec =
        Model.builder()
            .input(14, 14, 512)
            .layer("depthwise_conv2d", "kernel", 3)
            .loss(LossKind.MSE)
            .build();
    assertThat(Network.costs(spec).get(0).multiplyAdds()).isEqualTo(3L * 3 * 512 * 14 * 14);
  }

  @Test
  @DisplayName("LAY-06 receptive fields: two 3x3 convolutions see 5, three 7, as the gradient does")
  void lay06ReceptiveField() {
    for (int depth : new int[] {1, 2, 3}) {
      Model.Builder model = Model.builder().input(15, 15, 1);
      for (int i = 0; i < depth; i++) {
        model.conv2d(2, 3);
      }
      NetworkSpec spec = model.flatten().dense(2).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
      int seen = 2 * depth + 1;
      List<String> lines = Network.summary(spec).lines().toList();
      assertThat(lines.get(0)).endsWith("receptive field");
      assertThat(lines.get(1 + depth)).endsWith(" " + seen);
      assertThat(lines.get(3 + depth)).endsWith(" all");
      try (PlanCheck c = new PlanCheck(depth)) {
        Node x = c.normal(1, 15, 15, 1);
        Node y = x;
        for (int i = 0; i < depth; i++) {
          y = Convolutions.conv(c.graph, y, c.parameter(3, 3, y.shape().dim(3), 2), THREE, 1);
        }
        float[] middle = new float[15 * 15 * 2];
        middle[(7 * 15 + 7) * 2] = 1;
        Node one = c.graph.reduceSum(c.graph.mul(y, c.floats(middle, 1, 15, 15, 2)));
        Node dx = Gradients.reverse(c.graph, one, List.of(x)).get(x);
        double[] d = c.reference.value(dx);
        int from = 15;
        int to = -1;
        for (int i = 0; i < d.length; i++) {
          if (d[i] != 0) {
            from = Math.min(from, i / 15);
            to = Math.max(to, i / 15);
          }
        }
        assertThat(to - from + 1).isEqualTo(seen);
      }
    }
    NetworkSpec strided =
        Model.builder()
            .input(32, 32, 3)
            .conv2d(4, 3)
            .maxPool2d(2)
            .conv2d(4, 3)
            .globalAveragePool()
            .loss(LossKind.MSE)
            .build();
    List<String> lines = Network.summary(strided).lines().toList();
    assertThat(lines.get(2)).endsWith(" 3");
    assertThat(lines.get(3)).endsWith(" 4");
    assertThat(lines.get(4)).endsWith(" 8");
    assertThat(lines.get(5)).endsWith(" all");
  }

  @Test
  @DisplayName("LAY-32 space to depth: 26x26x512 to 13x13x2048, with 1024 more to 3072; inverse")
  void lay32SpaceToDepth() {
    try (PlanCheck c = new PlanCheck(2)) {
      Node x = c.normal(1, 26, 26, 512);
      Node y = Reorganisations.spaceToDepth(c.graph, x, 2);
      Node joined = c.graph.concat(3, List.of(y, c.normal(1, 13, 13, 1024)));
      Node back = Reorganisations.depthToSpace(c.graph, y, 2);
      assertThat(y.shape()).isEqualTo(Shape.of(1, 13, 13, 2048));
      assertThat(joined.shape()).isEqualTo(Shape.of(1, 13, 13, 3072));
      Map<Node, float[]> found = c.run(KERNELS, PlanOptions.DEFAULT, false, x, y, back);
      assertThat(found.get(back)).containsExactly(found.get(x));
      // The pixel to the right is the second group of channels.
      assertThat(found.get(y)[512]).isEqualTo(found.get(x)[512]);
      assertThat(found.get(y)[1024]).isEqualTo(found.get(x)[26 * 512]);
    }
    NetworkSpec spec =
        Model.builder()
            .input(26, 26, 3)
            .layer("space_to_depth", "size", 2)
            .layer("depth_to_space", "size", 2)
            .loss(LossKind.MSE)
            .build();
    assertThat(Network.costs(spec).get(0).output()).isEqualTo(Shape.of(1, 13, 13, 12));
    assertThat(Network.costs(spec).get(1).output()).isEqualTo(Shape.of(1, 26, 26, 3));
  }

  @Test
  @DisplayName("LAY-22 twice the size and joined: (13,13,512) + (26,26,512) gives (26,26,1024)")
  void lay22Pyramid() {
    try (PlanCheck c = new PlanCheck(4)) {
      Node deep = c.normal(1, 13, 13, 512);
      Node up = Poolings.resizeNearest(c.graph, deep, 26, 26);
      Node joined = c.graph.concat(3, List.of(up, c.normal(1, 26, 26, 512)));
      assertThat(joined.shape()).isEqualTo(Shape.of(1, 26, 26, 1024));
      Node sum = c.graph.reduceSum(joined);
      Node d = Gradients.reverse(c.graph, sum, List.of(deep)).get(deep);
      float[] found = c.run(KERNELS, PlanOptions.DEFAULT, false, d).get(d);
      assertThat(found).containsOnly(4f); // each value stands at four places
    }
  }

  @Test
  @DisplayName(
      "LAY-15 k = 0 would divide by a neighbourhood of zeros: the layer is refused by name")
  void lay15Refused() {
    for (String over : List.of("channels", "pixels")) {
      Model.Builder model =
          Model.builder()
              .input(4, 4, 3)
              .layer("lrn", "k", 0, "alpha", 1, "beta", 1, "n", 2, "over", over)
              .as("responses")
              .globalAveragePool()
              .dense(2)
              .loss(LossKind.SOFTMAX_CROSS_ENTROPY);
      assertThatThrownBy(model::build)
          .isInstanceOf(NetworkException.class)
          .hasMessageContainingAll("responses", "k 0", "all zero", "2 in the paper");
    }
  }

  @Test
  @DisplayName("LAY-25 a separable 3x3 convolution takes at most half the time of a standard one")
  void lay25SeparableTime() {
    try (PlanCheck c = new PlanCheck(25);
        Kernels kernels = KERNELS.open()) {
      Node x = c.normal(2, 14, 14, 512);
      Node standard = Convolutions.conv(c.graph, x, c.parameter(3, 3, 512, 512), THREE, 1);
      Node deep = Convolutions.conv(c.graph, x, c.parameter(3, 3, 1, 512), THREE, 512);
      Node separable =
          Convolutions.conv(c.graph, deep, c.parameter(1, 1, 512, 512), Window.of(1, 1), 1);
      try (GraphPlan whole = c.plan(kernels, standard);
          GraphPlan parts = c.plan(kernels, separable)) {
        double best = Double.MAX_VALUE;
        double other = Double.MAX_VALUE;
        for (int i = 0; i < 40; i++) { // in turns: other work on the machine meets both
          best = Math.min(best, nanos(whole));
          other = Math.min(other, nanos(parts));
        }
        assertThat(other / best).isLessThan(0.5);
      }
    }
  }

  private static double nanos(GraphPlan plan) {
    long start = System.nanoTime();
    plan.run();
    return System.nanoTime() - start;
  }

  @Test
  @DisplayName("TRN-41 1024 x 1024 x 1024 in float32 is within 1e-3 of the product in float64")
  void trn41Product() {
    int n = 1024;
    try (PlanCheck c = new PlanCheck(41)) {
      float[] a = new float[n * n];
      float[] b = new float[n * n];
      Philox.fillNormal(1, 0, a, 0, a.length);
      Philox.fillNormal(2, 0, b, 0, b.length);
      Node z = c.graph.matmul(c.floats(a, n, n), c.floats(b, n, n));
      float[] found = c.run(KERNELS, PlanOptions.DEFAULT, false, z).get(z);
      double[] row = new double[n];
      double worst = 0;
      for (int i = 0; i < n; i += 8) {
        Arrays.fill(row, 0);
        for (int k = 0; k < n; k++) {
          for (int j = 0; j < n; j++) {
            row[j] += (double) a[i * n + k] * b[k * n + j];
          }
        }
        for (int j = 0; j < n; j++) {
          worst = Math.max(worst, Math.abs(found[i * n + j] - row[j]));
        }
      }
      assertThat(worst).isLessThan(1e-3);
    }
  }

  /** Digits as a network of dense layers with a norm before each activation, or without. */
  private static NetworkSpec sigmoids(boolean norm) {
    List<LayerSpec> layers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      layers.add(LayerSpec.of("dense", Map.of("units", 30)));
      if (norm) {
        layers.add(LayerSpec.of("batch_norm", Map.of()));
      }
      layers.add(LayerSpec.of("activation", Map.of("kind", "sigmoid")));
    }
    layers.add(LayerSpec.dense(10, Activation.LINEAR));
    return new NetworkSpec(
        InputSpec.numeric(64), layers, LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY), 10);
  }

  private static double accuracy(NetworkSpec spec, double rate, int epochs) {
    Split data = CatalogueData.fold(CatalogueData.digits(), 0, false);
    int steps = (data.train().rows() + 31) / 32;
    ScheduleSpec schedule =
        new ScheduleSpec(
            ScheduleSpec.Kind.EXPONENTIAL, steps, 4.0 / (epochs * steps), 1, 1, 1, 0, false);
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, rate);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, schedule, 0, 32, 1)) {
      return trainer.epochs(data.train(), epochs).accuracy(data.test());
    }
  }

  @Test
  @DisplayName("LAY-12 ten sigmoid layers on digits: .2 or less alone, .95 or more with batch norm")
  void lay12TenLayers() {
    assertThat(accuracy(sigmoids(false), 0.001, 20)).isLessThanOrEqualTo(0.2);
    assertThat(accuracy(sigmoids(true), 0.01, 60)).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName("LAY-12 normalised values have mean 0 +- 1e-6 and variance 1 +- 1e-3")
  void lay12Moments() {
    int rows = 1024;
    Graph g = new Graph();
    Node x = g.input("x", DType.FLOAT32, Shape.of(rows, 3));
    Node one = g.constant(1, Shape.of(3));
    Node zero = g.constant(0, Shape.of(3));
    Node y = g.batchNorm(x, g.batchMean(x), g.batchVariance(x), one, zero, 1e-3, true);
    ReferenceExecutor run = new ReferenceExecutor(g);
    float[] values = new float[3 * rows];
    Philox.fillNormal(2, 0, values, 0, values.length);
    for (int i = 0; i < values.length; i++) {
      values[i] = 5 + 3 * values[i];
    }
    run.bind(x, values);
    double[] found = run.value(y);
    for (int c = 0; c < 3; c++) {
      double sum = 0;
      double squares = 0;
      for (int r = 0; r < rows; r++) {
        sum += found[3 * r + c];
        squares += found[3 * r + c] * found[3 * r + c];
      }
      assertThat(sum / rows).isCloseTo(0, within(1e-6));
      assertThat(squares / rows).isCloseTo(1, within(1e-3));
    }
  }

  /** Two blocks of convolution, norm, relu and pooling, then an end. */
  private static Model.Builder convolutions() {
    Model.Builder model = Model.builder().input(8, 8, 1);
    for (int channels : new int[] {16, 32}) {
      model.conv2d(channels, 3).with("bias", false).batchNorm().activation(Activation.RELU);
      model.conv2d(channels, 3).with("bias", false).batchNorm().activation(Activation.RELU);
      model.maxPool2d(2);
    }
    return model;
  }

  @Test
  @DisplayName("LAY-13 CNN with batch norm on digits, 20 epochs: accuracy .98 or more")
  void lay13Norm() {
    Model.Builder b = Model.builder().input(8, 8, 1);
    for (int channels : new int[] {32, 64}) {
      b.conv2d(channels, 3).with("bias", false).batchNorm().activation(Activation.RELU);
      b.maxPool2d(2);
    }
    NetworkSpec spec = b.flatten().dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    assertThat(new Recipe(0.01, 20, 0.3).accuracy(spec, Digits.judging()))
        .isGreaterThanOrEqualTo(0.98);
  }

  @Test
  @DisplayName("LAY-10 global average pooling and one dense layer on digits: .95 or more")
  void lay10GlobalPooling() {
    NetworkSpec pooled =
        convolutions().globalAveragePool().dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    NetworkSpec dense =
        convolutions().flatten().dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    assertThat(Network.layout(dense).trainable() - Network.layout(pooled).trainable())
        .isEqualTo((128 - 32) * 10);
    assertThat(accuracy(pooled, 0.003, 20)).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName("LAY-14 after an epoch on digits the running mean is within 3 % of the whole set's")
  void lay14RunningMean() {
    Samples digits = CatalogueData.digits();
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(64),
            List.of(LayerSpec.of("batch_norm", Map.of()), LayerSpec.dense(10, Activation.LINEAR)),
            LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
            10);
    OptimizerSpec sgd = OptimizerSpec.of(Kind.SGD, 0.01);
    try (LocalTrainer trainer = new LocalTrainer(spec, sgd, 32, 1)) {
      trainer.epoch(digits);
      Segment mean =
          trainer.layout.segments().stream()
              .filter(s -> s.kind() == Segment.Kind.STATE && s.name().endsWith("mean"))
              .findFirst()
              .orElseThrow();
      double difference = 0;
      double size = 0;
      for (int j = 0; j < 64; j++) {
        double whole = 0;
        for (int row = 0; row < digits.rows(); row++) {
          whole += digits.x()[row * 64 + j] / digits.rows();
        }
        difference += Math.pow(trainer.weights[mean.offset() + j] - whole, 2);
        size += Math.pow(whole, 2);
      }
      assertThat(Math.sqrt(difference / size)).isLessThan(0.03);
    }
  }

  @Test
  @DisplayName("VIS-09, VIS-10 shortcuts of zeros add no parameters; digits .98 or more with them")
  void vis09ZeroShortcut() {
    ImageTask digits = ImageTask.square(8, 1, 10);
    NetworkSpec zeros =
        ResNets.small(digits, 1, ResNets.Block.BASIC, ResNets.Start.PLAIN, ResNets.Shortcut.ZEROS);
    NetworkSpec projected = ResNets.small(digits, 1, ResNets.Block.BASIC, ResNets.Start.PLAIN);
    int weights = 16 * 32 + 32 * 64 + 2 * (32 + 64);
    assertThat(Network.layout(projected).trainable() - Network.layout(zeros).trainable())
        .isEqualTo(weights);
    assertThat(accuracy(zeros, 0.005, 25)).isGreaterThanOrEqualTo(0.98);
    try (PlanCheck c = new PlanCheck(9)) {
      Node x = c.normal(1, 4, 4, 2);
      Node kept = Poolings.averagePool(c.graph, x, Window.of(1, 1).strides(2, 2), false);
      Node f = c.normal(1, 2, 2, 5);
      Node y =
          c.graph.add(
              f,
              Indexings.pad(
                  c.graph,
                  kept,
                  new int[4],
                  new int[] {0, 0, 0, 3},
                  Indexings.PadMode.CONSTANT,
                  0));
      Map<Node, float[]> found = c.run(KERNELS, PlanOptions.DEFAULT, false, x, f, y);
      for (int i = 0; i < 20; i++) {
        int pixel = i / 5;
        float shortcut =
            i % 5 < 2 ? found.get(x)[((pixel / 2 * 2) * 4 + pixel % 2 * 2) * 2 + i % 5] : 0;
        assertThat(found.get(y)[i]).isEqualTo(found.get(f)[i] + shortcut);
      }
    }
  }
}
