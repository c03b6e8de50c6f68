package dev.bellows.engine.zoo;

import static dev.bellows.engine.zoo.EncoderDecoders.Attention.DOT;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.zoo.ResNets.Block;
import dev.bellows.engine.zoo.ResNets.Start;
import dev.bellows.engine.zoo.SequenceNets.Cell;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every network of the zoo in a size that trains in milliseconds. */
final class ZooNetworks {
  private static final ImageTask TINY = ImageTask.square(16, 2, 3);

  private ZooNetworks() {}

  static Map<String, NetworkSpec> tiny() {
    Map<String, NetworkSpec> nets = new LinkedHashMap<>();
    nets.put("lenet5", ConvNets.lenet5(TINY));
    nets.put("pattern", ConvNets.pattern(TINY, 2, 2, 1, 4, 8));
    nets.put("alexnet small", ConvNets.alexNetSmall(TINY));
    nets.put("vgg small", ConvNets.vggSmall(TINY, 2, 4));
    nets.put("inception", Inception.small(TINY, 3, 2, false));
    nets.put("inception auxiliary", Inception.small(TINY, 3, 2, true));
    nets.put("resnet basic", ResNets.small(TINY, 1, Block.BASIC, Start.PLAIN));
    nets.put("resnet bottleneck", ResNets.small(TINY, 1, Block.BOTTLENECK, Start.PLAIN));
    nets.put("resnet zero", ResNets.small(TINY, 1, Block.BASIC, Start.ZERO));
    nets.put("mobilenet1", MobileNets.v1(TINY, 0.25, 1, 4));
    nets.put("mobilenet2", MobileNets.v2(TINY, 0.1, true));
    nets.put("xception", Xception.of(TINY, 0.01, 1));
    nets.put("stdc", Stdc.stdc1(TINY, 0.05));
    nets.put("capsules", CapsuleNets.of(TINY, 4, 2, 3, 4, 3));
    nets.put("resnet plain", ResNets.plain(TINY, 1));
    nets.put("multi-output", ConvNets.multiOutput(TINY, Map.of("parity", 2), 3));
    nets.put("tokens", TokenNets.classifier(TINY, 4, new Transformers.Size(1, 6, 2, 8, 0)));
    nets.put("highway", HighwayNets.dense(9, 8, 3, Activation.RELU, -2, 3));
    nets.put("u-net", PixelNets.uNet(TINY, 2, 3, true));
    nets.put("u-net valid", PixelNets.uNet(ImageTask.square(44, 1, 2), 2, 2, false));
    nets.put("fcn", PixelNets.fcn(TINY, 3));
    for (Cell cell : Cell.values()) {
      nets.put(cell + " classifier", SequenceNets.classifier(cell, 6, 11, 5, 7, 2, 3));
      nets.put(cell + " series", SequenceNets.seriesClassifier(cell, 6, 4, 7, 1, 3));
      nets.put(cell + " chunks", SequenceNets.chunkedCharacterModel(cell, 6, 11, 5, 7));
      nets.put(cell + " characters", SequenceNets.characterModel(cell, 6, 11, 5, 7, 1));
    }
    Transformers.Size size = new Transformers.Size(2, 8, 2, 16, 0.1);
    nets.put("transformer", Transformers.classifier(6, 11, size, 3));
    nets.put("transformer characters", Transformers.characterModel(6, 11, size));
    EncoderDecoders.Size pairs = new EncoderDecoders.Size(5, 6, 11, 9, 8, 8);
    for (EncoderDecoders.Attention attention : EncoderDecoders.Attention.values()) {
      nets.put("seq2seq " + attention, EncoderDecoders.recurrent(Cell.LSTM, pairs, attention));
    }
    nets.put("seq2seq gru", EncoderDecoders.recurrent(Cell.GRU, pairs, DOT));
    nets.put("seq2seq transformer", EncoderDecoders.transformer(pairs, size));
    nets.put("vit", Transformers.vision(TINY, 4, size));
    nets.put("autoencoder", Autoencoders.dense(12, List.of(8), 3, Activation.RELU));
    nets.put("autoencoder tied", Autoencoders.tied(12, 3, Activation.LINEAR));
    nets.put(
        "autoencoder variational", Autoencoders.variational(12, List.of(8), 3, Activation.TANH, 1));
    nets.put("entity embedding", entity(List.of(10, 5)));
    return nets;
  }

  static NetworkSpec entity(List<Integer> hidden) {
    Map<String, Integer> categories = new LinkedHashMap<>();
    categories.put("day", 7);
    categories.put("store", 33);
    LossSpec loss = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);
    return EntityEmbedding.of(2, categories, hidden, 0, loss, 3);
  }
}
