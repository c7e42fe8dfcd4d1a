import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { sandboxClock } from 'nestjs-lalamove/sandbox';

const clock = sandboxClock('http://127.0.0.1:4010');
LalamoveModule.forRoot({ ...lalamoveOptionsFromEnv(), clock });
DeliveriesModule.forRoot({ clock });

export { clock };
