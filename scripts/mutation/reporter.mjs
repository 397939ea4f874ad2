import { channel } from 'node:diagnostics_channel';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Hands every result on as it comes. Plain JavaScript, for Stryker's own processes load it without tsx. */
class ChannelReporter {
  onMutantTested(result) {
    channel('mutation').publish(result);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'channel', ChannelReporter)];
