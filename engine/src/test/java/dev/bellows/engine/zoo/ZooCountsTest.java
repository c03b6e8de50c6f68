package dev.bellows.engine.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LayerCost;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.zoo.ResNets.Block;
import dev.bellows.engine.zoo.ResNets.Start;
import dev.bellows.engine.zoo.SequenceNets.Cell;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Parameters and shapes. The counts are those that src/test/python/zoo_counts.py gives for the same
 * definitions in PyTorch 2.13.
 */
final class ZooCountsTest {
  private static final ImageTask CIFAR = ImageTask.square(32, 3, 10);
  private static final ImageTask IMAGENET = ImageTask.square(224, 3, 1000);

  private static int parameters(NetworkSpec spec) {
    return Network.layout(spec).trainable();
  }

  private static LayerCost cost(NetworkSpec spec, String name) {
    return Network.costs(spec).stream()
        .filter(c -> c.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static long multiplyAdds(NetworkSpec spec) {
    return Network.costs(spec).stream().mapToLong(LayerCost::multiplyAdds).sum();
  }

  @Test
  void parametersEqualThoseOfTheSameNetworksInPyTorch() {
    Map<NetworkSpec, Integer> expected = new LinkedHashMap<>();
    expected.put(ConvNets.lenet5(ImageTask.square(28, 1, 10)), 61_706);
    expected.put(ConvNets.alexNetSmall(CIFAR), 564_842);
    expected.put(ConvNets.vggSmall(CIFAR, 3, 32), 551_018);
    expected.put(Inception.googLeNet(IMAGENET), 6_998_552);
    expected.put(Inception.small(CIFAR, 3, 8, false), 33_278);
    expected.put(Inception.small(CIFAR, 3, 8, true), 38_088);
    expected.put(ResNets.resNet20(CIFAR), 272_474);
    expected.put(ResNets.small(CIFAR, 2, Block.BOTTLENECK, Start.ZERO), 220_378);
    expected.put(MobileNets.v1(CIFAR, 0.5, 1), 823_722);
    expected.put(MobileNets.v2(CIFAR, 0.25, true), 250_922);
    expected.put(Xception.of(IMAGENET), 22_855_952);
    expected.put(Stdc.stdc1(IMAGENET, 1), 7_384_072);
    expected.put(CapsuleNets.of(ImageTask.square(8, 1, 10), 32, 4, 8, 8, 3), 50_528);
    expected.put(HighwayNets.dense(64, 50, 20, Activation.RELU, -2, 10), 105_760);
    expected.put(PixelNets.uNet(ImageTask.square(32, 1, 2), 3, 8, true), 120_690);
    expected.put(PixelNets.fcn(ImageTask.square(32, 3, 5), 8), 19_806);
    expected.put(Autoencoders.dense(64, List.of(32), 8, Activation.RELU), 4_744);
    expected.put(Autoencoders.tied(64, 8, Activation.LINEAR), 584);
    expected.put(ZooNetworks.entity(List.of(1000, 500)), 526_592);
    expected.put(SequenceNets.characterModel(Cell.RNN, 50, 80, 64, 128, 1), 40_144);
    expected.put(SequenceNets.characterModel(Cell.LSTM, 50, 80, 64, 128, 1), 114_256);
    expected.put(SequenceNets.characterModel(Cell.GRU, 50, 80, 64, 128, 1), 89_680);
    expected.put(SequenceNets.characterModel(Cell.LSTM, 50, 80, 64, 128, 2), 245_840);
    Transformers.Size peer = new Transformers.Size(2, 128, 4, 512, 0);
    expected.put(Transformers.classifier(64, 1000, peer, 10), 534_282);
    Transformers.Size small = new Transformers.Size(2, 64, 4, 256, 0);
    expected.put(Transformers.characterModel(50, 80, small), 113_616);
    expected.put(Transformers.visionTiny(IMAGENET, 16), 5_717_032);
    expected.forEach(
        (spec, count) -> assertThat(parameters(spec)).as(Network.summary(spec)).isEqualTo(count));
  }

  @Test
  void outputsHaveTheShapesOfTheirTask() {
    ZooNetworks.tiny()
        .forEach(
            (name, spec) -> {
              List<LayerCost> costs = Network.costs(spec);
              int positions =
                  name.startsWith("u-net valid")
                      ? 4 * 4
                      : name.startsWith("u-net") || name.equals("fcn")
                          ? 16 * 16
                          : name.endsWith("characters")
                                  || name.endsWith("chunks")
                                  || name.startsWith("seq2seq")
                              ? 6
                              : 1;
              assertThat(costs.get(costs.size() - 1).output().size())
                  .as(name)
                  .isEqualTo((long) positions * spec.outputs());
              assertThat(NetworkSpec.fromJson(spec.toJson())).as(name).isEqualTo(spec);
            });
  }

  @Test
  @DisplayName("VIS-01 input, [[conv, relu] x 2, pool], [dense, relu], dense")
  void vis01Pattern() {
    NetworkSpec spec = ConvNets.pattern(ImageTask.square(8, 1, 10), 2, 1, 1, 8, 32);
    assertThat(spec.layers().stream().map(l -> l.type().id() + " " + activation(l)))
        .containsExactly(
            "conv2d relu", "conv2d relu", "maxpool2d -", "flatten -", "dense relu", "dense linear");
  }

  private static Object activation(LayerSpec layer) {
    return layer.options().getOrDefault("activation", "-");
  }

  @Test
  @DisplayName("VIS-03 AlexNet: 62,378,344 parameters, shape of each layer")
  void vis03AlexNet() {
    NetworkSpec spec = ConvNets.alexNet(ImageTask.square(227, 3, 1000));
    assertThat(parameters(spec)).isEqualTo(62_378_344);
    List<String> shapes = new ArrayList<>();
    for (LayerCost cost : Network.costs(spec)) {
      if (cost.type().equals("conv2d") || cost.type().equals("maxpool2d")) {
        shapes.add(cost.output().toString());
      }
    }
    assertThat(shapes)
        .containsExactly(
            "[1, 55, 55, 96]",
            "[1, 27, 27, 96]",
            "[1, 27, 27, 256]",
            "[1, 13, 13, 256]",
            "[1, 13, 13, 384]",
            "[1, 13, 13, 384]",
            "[1, 13, 13, 256]",
            "[1, 6, 6, 256]");
  }

  @Test
  @DisplayName("VIS-04 VGG-16: 138,357,544 parameters, 15.47 G multiply-adds")
  void vis04Vgg() {
    NetworkSpec spec = ConvNets.vgg16(IMAGENET);
    assertThat(parameters(spec)).isEqualTo(138_357_544);
    assertThat(multiplyAdds(spec)).isBetween(15_465_000_000L, 15_475_000_000L);
  }

  @Test
  @DisplayName("VIS-05 Inception module: 28 x 28 x 192 to 64 + 128 + 32 + 32 channels")
  void vis05InceptionModule() {
    NetworkSpec spec = Inception.googLeNet(IMAGENET);
    assertThat(cost(spec, "module1").output()).hasToString("[1, 28, 28, 256]");
    assertThat(cost(spec, "module1.one").output()).hasToString("[1, 28, 28, 64]");
    assertThat(cost(spec, "module1.three").output()).hasToString("[1, 28, 28, 128]");
    assertThat(cost(spec, "module1.five").output()).hasToString("[1, 28, 28, 32]");
    assertThat(cost(spec, "module1.pool").output()).hasToString("[1, 28, 28, 32]");
    assertThat(cost(spec, "module9").output()).hasToString("[1, 7, 7, 1024]");
  }

  @Test
  @DisplayName("VIS-08 bottleneck blocks: ResNet-50 has 25,557,032 parameters")
  void vis08Bottleneck() {
    NetworkSpec spec = ResNets.resNet50(IMAGENET);
    assertThat(parameters(spec)).isEqualTo(25_557_032);
    assertThat(cost(spec, "stage1.block1.conv3").output()).hasToString("[1, 56, 56, 256]");
    assertThat(cost(spec, "stage4.block3.conv3").output()).hasToString("[1, 7, 7, 2048]");
  }

  @Test
  @DisplayName("VIS-10 a projection shortcut adds C_in C_out weights")
  void vis10Projection() {
    NetworkSpec spec = ResNets.resNet20(CIFAR);
    assertThat(cost(spec, "stage2.block1.shortcut").parameters()).isEqualTo(16 * 32);
    assertThat(cost(spec, "stage3.block1.shortcut").parameters()).isEqualTo(32 * 64);
    assertThat(Network.costs(spec).stream().filter(c -> c.name().endsWith("shortcut"))).hasSize(2);
  }

  @Test
  void sizesThatMakeNoNetworkAreRefused() {
    assertThatThrownBy(() -> ResNets.stages(CIFAR, new int[] {1, 0}, 16, Block.BASIC, Start.PLAIN))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("[1, 0] blocks");
    Transformers.Size size = new Transformers.Size(1, 8, 2, 16, 0);
    assertThatThrownBy(() -> Transformers.vision(CIFAR, 0, size))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("patches of 0 pixels");
    assertThatThrownBy(() -> MobileNets.v1(CIFAR, 0, 1))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("got 0.0");
  }

  @Test
  @DisplayName("VIS-12 MobileNet: 4,231,976 parameters")
  void vis12MobileNet() {
    assertThat(parameters(MobileNets.v1(IMAGENET, 1, 2))).isEqualTo(4_231_976);
  }

  @Test
  @DisplayName("VIS-13 width multiplier: pointwise multiply-adds at alpha 0.5 are a quarter")
  void vis13WidthMultiplier() {
    NetworkSpec whole = MobileNets.v1(IMAGENET, 1, 2);
    NetworkSpec half = MobileNets.v1(IMAGENET, 0.5, 2);
    for (int i = 1; i <= 13; i++) {
      String name = "block" + i + ".point";
      assertThat(4 * cost(half, name).multiplyAdds()).isEqualTo(cost(whole, name).multiplyAdds());
    }
  }

  @Test
  @DisplayName("VIS-14 MobileNet 2: 3,504,872 parameters, shortcuts, linear projections")
  void vis14InvertedResidual() {
    NetworkSpec spec = MobileNets.v2(IMAGENET, 1, false);
    assertThat(parameters(spec)).isEqualTo(3_504_872);
    List<String> added = new ArrayList<>();
    for (int i = 0; i < spec.layers().size(); i++) {
      LayerSpec layer = spec.layers().get(i);
      if (layer.type().id().equals("add")) {
        added.add(layer.name());
      }
      if (layer.name().endsWith(".project.norm")) {
        assertThat(activation(spec.layers().get(i - 1))).isEqualTo("linear");
        assertThat(spec.layers().get(i + 1).type().id()).isIn("conv2d", "add");
      }
    }
    assertThat(added) // all but the first block of a stage
        .containsExactly(
            "stage2.block2",
            "stage3.block2",
            "stage3.block3",
            "stage4.block2",
            "stage4.block3",
            "stage4.block4",
            "stage5.block2",
            "stage5.block3",
            "stage6.block2",
            "stage6.block3");
  }

  @Test
  @DisplayName("VIS-15 Xception: the backbone's maps at 1/4, 1/8, 1/16 and 1/32, 2,048 channels")
  void vis15Xception() {
    NetworkSpec spec = Xception.of(ImageTask.square(256, 3, 1000));
    assertThat(cost(spec, "entry1").output()).hasToString("[1, 64, 64, 128]");
    assertThat(cost(spec, "entry2").output()).hasToString("[1, 32, 32, 256]");
    assertThat(cost(spec, "entry3").output()).hasToString("[1, 16, 16, 728]");
    assertThat(cost(spec, "middle8").output()).hasToString("[1, 16, 16, 728]");
    assertThat(cost(spec, "exit").output()).hasToString("[1, 8, 8, 2048]");
  }

  @Test
  @DisplayName("VIS-18 16 tokens of 196 pixels, and the pixels back")
  void vis18Tokens() {
    Model.Builder b = Model.builder().input(14, 14, 32);
    TokenNets.module(b, "module", 14, 14, 16, new Transformers.Size(2, 32, 4, 64, 0));
    NetworkSpec spec = b.loss(LossKind.MSE).build();
    assertThat(cost(spec, "module.pixels").output()).hasToString("[1, 196, 32]");
    assertThat(cost(spec, "module.tokens").output()).hasToString("[1, 16, 32]");
    assertThat(cost(spec, "module").output()).hasToString("[1, 14, 14, 32]");
  }

  @Test
  @DisplayName("VIS-21 STDC module of 256 channels: 128 + 64 + 32 + 32; STDC1 ends at 1/32")
  void vis21Stdc() {
    for (int stride = 1; stride <= 2; stride++) {
      Model.Builder b = Stdc.module(Model.builder().input(28, 28, 64), "module", 256, stride);
      NetworkSpec spec = b.loss(LossKind.MSE).build();
      List<Integer> widths = new ArrayList<>();
      for (int i = 1; i <= 4; i++) {
        widths.add(cost(spec, "module.conv" + i).output().dim(3));
      }
      assertThat(widths).containsExactly(128, 64, 32, 32);
      int side = 28 / stride;
      assertThat(cost(spec, "module").output().dims()).containsExactly(1, side, side, 256);
    }
    NetworkSpec spec = Stdc.stdc1(IMAGENET, 1);
    assertThat(cost(spec, "stage3.module2").output()).hasToString("[1, 28, 28, 256]");
    assertThat(cost(spec, "stage5.module2").output()).hasToString("[1, 7, 7, 1024]");
    assertThatThrownBy(() -> Stdc.module(Model.builder().input(8, 8, 3), "m", 20, 1))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("filters that 8 divides");
  }

  @Test
  @DisplayName("VIS-24 detection head of 3 anchors and 80 classes: 13 x 13 x 255")
  void vis24DetectionHead() {
    Model.Builder b = Detectors.head(Model.builder().input(13, 13, 1024), "boxes", 3, 80);
    NetworkSpec spec = b.loss(LossKind.MSE).build();
    assertThat(cost(spec, "boxes").output()).hasToString("[1, 13, 13, 255]");
    assertThat(parameters(spec)).isEqualTo(1024 * 255 + 255);
  }

  @Test
  @DisplayName("SEG-05 U-Net without borders: 572 x 572 gives 388 x 388, 31,030,658 parameters")
  void seg05UNet() {
    NetworkSpec spec = PixelNets.uNet(ImageTask.square(572, 1, 2), 4, 64, false);
    assertThat(cost(spec, "scores").output()).hasToString("[1, 388, 388, 2]");
    assertThat(parameters(spec)).isEqualTo(31_030_658);
  }
}
